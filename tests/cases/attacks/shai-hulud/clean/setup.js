require("fs").writeFileSync("ready.txt", "ok");
