module example.invalid/route

go 1.19
