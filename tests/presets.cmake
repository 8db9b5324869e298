# Runs one workflow preset after the other and ends with a table: what a release
# needs. cmake -DSOURCE=... -DPRESETS="test;dev;..." -P presets.cmake
#
# A preset that fails does not stop the others.
cmake_minimum_required(VERSION 3.25)
set(table "")
set(failures 0)
foreach(preset IN LISTS PRESETS)
  message(STATUS "preset ${preset}")
  string(TIMESTAMP begun "%s")
  execute_process(COMMAND ${CMAKE_COMMAND} --workflow --preset ${preset}
                  WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE result
                  OUTPUT_VARIABLE output ERROR_VARIABLE output
                  ECHO_OUTPUT_VARIABLE ECHO_ERROR_VARIABLE)
  string(TIMESTAMP ended "%s")
  math(EXPR seconds "${ended} - ${begun}")
  set(counts "no tests")
  if(output MATCHES "([0-9]+)% tests passed(, ([0-9]+) tests? failed)? out of ([0-9]+)")
    set(failed ${CMAKE_MATCH_3})
    if(failed STREQUAL "")
      set(failed 0)
    endif()
    set(counts "${CMAKE_MATCH_4} tests, ${failed} failed")
  endif()
  if(NOT result EQUAL 0)
    math(EXPR failures "${failures} + 1")
    string(APPEND table "FAILED  ${preset}: ${counts}, ${seconds} s\n")
  else()
    string(APPEND table "passed  ${preset}: ${counts}, ${seconds} s\n")
  endif()
endforeach()
message("\n${table}")
if(failures)
  message(FATAL_ERROR "${failures} presets failed")
endif()
