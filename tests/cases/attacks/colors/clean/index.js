console.log("liberty");
