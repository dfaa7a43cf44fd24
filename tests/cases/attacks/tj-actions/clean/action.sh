ls >changed-files.txt
