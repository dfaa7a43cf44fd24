# The runner's own process, with a dummy secret that is in its memory only.
exec bash -c 'exec -a Runner.Worker python3 -S -c "
import time
secret = chr(115) + \"ecret\" + chr(45) + bytes(range(97, 109)).decode()
time.sleep(20)
"'
