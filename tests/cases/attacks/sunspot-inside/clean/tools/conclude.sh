mv build.tmp build.log
