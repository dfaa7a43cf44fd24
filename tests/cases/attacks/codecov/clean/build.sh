set -e
cc -o app main.c
./app >coverage.txt
bash uploader.sh
