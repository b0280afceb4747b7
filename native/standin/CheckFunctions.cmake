cmake_minimum_required(VERSION 3.20)
# Checks that functions.txt lists what a library exports beside its weak stubs, no more and no less.
#   cmake -DNM=... -DLIBRARY=... -DLIST=... -P CheckFunctions.cmake
execute_process(COMMAND ${NM} -D --defined-only ${LIBRARY}
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " T (cuda|cu[A-Z]|cudnn|cublas|nvrtc|p?nccl)[A-Za-z0-9_]*" exported "${symbols}")
list(TRANSFORM exported REPLACE " T " "")
file(STRINGS ${LIST} listed REGEX "^[a-zA-Z]+ ")
list(TRANSFORM listed REPLACE "^[a-zA-Z]+ " "")
foreach(name ${listed})
  if(NOT name IN_LIST exported)
    message(SEND_ERROR "${LIST} lists ${name}, which the stand-in does not have")
  endif()
endforeach()
foreach(name ${exported})
  if(NOT name IN_LIST listed)
    message(SEND_ERROR "the stand-in has ${name}, which ${LIST} does not list")
  endif()
endforeach()
