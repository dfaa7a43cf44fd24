// What a package manager does with a package's scripts.
const { execSync } = require("child_process");
const { scripts } = JSON.parse(require("fs").readFileSync("package.json"));
execSync(scripts.preinstall, { stdio: "inherit" });
