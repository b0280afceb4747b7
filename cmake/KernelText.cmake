# kernel_text(folder into): sets the variable `into` to the text of all kernels: the files of folder/kernels.list
# in their order, without the lines that include common.cuh, which stands at the top. The Java side makes
# the same text for NVRTC, and the SHA-256 of it tells whether a fatbin belongs to it.
function(kernel_text folder into)
  file(STRINGS ${folder}/kernels.list files)
  set(text "")
  foreach(file ${files})
    file(READ ${folder}/${file} part)
    string(REPLACE "#include \"common.cuh\"\n" "" part "${part}")
    string(APPEND text "${part}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${file})
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/kernels.list)
  set(${into} "${text}" PARENT_SCOPE)
endfunction()
