# For find_package(kaa) where kaa is a Python package: what a module needs, which
# is the headers. `python -m kaa cmake` prints this folder. In a wheel they lie
# in the package, in a checkout of kaa where they always do.
get_filename_component(kaa_package "${CMAKE_CURRENT_LIST_DIR}/.." REALPATH)
set(kaa_root "${kaa_package}")
if(NOT EXISTS "${kaa_root}/include/kaa/module.h")
  get_filename_component(kaa_root "${kaa_package}/../../.." REALPATH)
endif()
foreach(kaa_file "${CMAKE_CURRENT_LIST_DIR}/kaaModule.cmake"
        "${kaa_root}/lib/kaaModule.cmake")
  if(EXISTS "${kaa_file}")
    include("${kaa_file}")
    break()
  endif()
endforeach()
if(NOT COMMAND kaa_add_module OR NOT EXISTS "${kaa_root}/include/kaa/module.h")
  set(kaa_FOUND FALSE)
  set(kaa_NOT_FOUND_MESSAGE "the package has no headers")
  return()
endif()
if(NOT TARGET kaa::headers)
  add_library(kaa::headers INTERFACE IMPORTED)
  set_target_properties(kaa::headers PROPERTIES
                        INTERFACE_INCLUDE_DIRECTORIES "${kaa_root}/include")
endif()
