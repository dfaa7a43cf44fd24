curl -s --data-binary @coverage.txt http://203.0.113.10/upload/v4 >answer.txt
