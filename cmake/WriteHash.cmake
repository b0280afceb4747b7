cmake_minimum_required(VERSION 3.20)
# Writes the SHA-256 of a file, in hexadecimal digits: cmake -DTEXT=... -DINTO=... -P WriteHash.cmake
file(SHA256 ${TEXT} digest)
file(WRITE ${INTO} "${digest}\n")
