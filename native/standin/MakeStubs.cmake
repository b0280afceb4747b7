cmake_minimum_required(VERSION 3.20)
# Writes a weak function for every entry point that the presets' JNI libraries import, from the jar
# that holds them.
#   cmake -DJAR=... -DNM=... -DINTO=stubs.c -P MakeStubs.cmake
get_filename_component(folder ${INTO} DIRECTORY)
file(WRITE ${INTO}.new "int standinUnimplemented(const char*);\n")
if(JAR)
  file(ARCHIVE_EXTRACT INPUT ${JAR} DESTINATION ${folder}/jni
    PATTERNS *libjnicudart.so *libjnicublas.so *libjnicudnn.so *libjninvrtc.so *libjninccl.so)
  file(GLOB_RECURSE libraries ${folder}/jni/*.so)
  set(names "")
  foreach(library ${libraries})
    execute_process(COMMAND ${NM} -D --undefined-only ${library}
      OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL "U (cuda|cu[A-Z]|cudnn|cublas|nvrtc|p?nccl)[A-Za-z0-9_]*" found "${symbols}")
    list(APPEND names ${found})
  endforeach()
  list(REMOVE_DUPLICATES names)
  list(SORT names)
  foreach(name ${names})
    string(SUBSTRING ${name} 2 -1 name)
    file(APPEND ${INTO}.new "__attribute__((weak, visibility(\"default\"))) long ${name}() "
      "{ return standinUnimplemented(\"${name}\"); }\n")
  endforeach()
endif()
file(RENAME ${INTO}.new ${INTO})
