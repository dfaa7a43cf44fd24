require("./check.js");
require("child_process").execFileSync("sh", ["preinstall.sh"]);
