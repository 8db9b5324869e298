# Writes platform.c: what the compiler that builds kaa predefines, where it looks
# for headers, what it answers to __has_attribute and its relatives; and the
# headers that kaa brings itself.
#
# kaa_write_platform(OUTPUT) uses CMAKE_C_COMPILER.
set(preprocess_dir ${CMAKE_CURRENT_LIST_DIR})
set(KAA_HEADER_DIRS "" CACHE STRING
    "Where headers are on the systems that kaa is built for (a:b): wheels need it")

# The bytes of a file or text as the initialiser of an array, NUL behind them.
function(kaa_bytes_of hex variable)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)"
         "\\1\n" bytes "${bytes}")
  set(${variable} "${bytes}0" PARENT_SCOPE)
endfunction()

# Sets VARIABLE to what the compiler makes of INPUT, VARIABLE_errors and
# VARIABLE_code.
function(kaa_run_compiler arguments input variable)
  set(file ${PROJECT_BINARY_DIR}/platform_question.c)
  file(WRITE ${file} "${input}")
  execute_process(
    COMMAND ${CMAKE_C_COMPILER} ${arguments} -E -x c ${file}
    OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE code)
  set(${variable} "${output}" PARENT_SCOPE)
  set(${variable}_errors "${errors}" PARENT_SCOPE)
  set(${variable}_code "${code}" PARENT_SCOPE)
endfunction()

function(kaa_ask_compiler arguments input variable)
  kaa_run_compiler("${arguments}" "${input}" result)
  if(NOT result_code EQUAL 0)
    message(FATAL_ERROR "the compiler does not preprocess: ${result_errors}")
  endif()
  set(${variable} "${result}" PARENT_SCOPE)
  set(${variable}_errors "${result_errors}" PARENT_SCOPE)
endfunction()

function(kaa_write_platform output)
  set(text "/* Written by lib/preprocess/platform.cmake. */\n")
  string(APPEND text "#include \"preprocess/internal.h\"\n\n")

  kaa_ask_compiler("-dM" "" macros)
  if(KAA_HEADER_DIRS) # zig names the C library it links; there may be another
    string(REGEX REPLACE "#define __GLIBC_MINOR__ [^\n]*\n" "" macros "${macros}")
  endif()
  string(HEX "${macros}" hex)
  kaa_bytes_of("${hex}" bytes)
  string(APPEND text "const char kaa_preprocess__predefined[] = {\n${bytes}};\n\n")

  if(KAA_HEADER_DIRS) # this compiler's own stay where kaa is built
    string(REPLACE ":" ";" dirs "${KAA_HEADER_DIRS}")
  else()
    kaa_ask_compiler("-v" "" ignored)
    string(REGEX MATCH "<...> search starts here:\n(.*)\nEnd of search" _ "${ignored_errors}")
    string(REPLACE "\n" ";" dirs "${CMAKE_MATCH_1}")
  endif()
  string(APPEND text "const char *const kaa_preprocess__system_dirs[] = {\n")
  # The compiler's own folder comes last: kaa's headers stand in its place, and
  # their #include_next means the C library's.
  set(own_dirs "")
  foreach(dir IN LISTS dirs)
    string(STRIP "${dir}" dir)
    string(REGEX REPLACE " \\(framework directory\\)$" "" dir "${dir}")
    get_filename_component(dir "${dir}" ABSOLUTE)
    if(NOT KAA_HEADER_DIRS AND EXISTS "${dir}/stddef.h" AND EXISTS "${dir}/float.h")
      string(APPEND own_dirs "    \"${dir}\",\n")
    else()
      string(APPEND text "    \"${dir}\",\n")
    endif()
  endforeach()
  string(APPEND text "${own_dirs}")
  string(APPEND text "    NULL,\n};\n\n")

  set(question "")
  file(STRINGS ${preprocess_dir}/questions.txt lines REGEX "^[a-z]")
  # A compiler without [[...]] in its default standard (clang 14) refuses
  # the question with a scope in it: it has no such attribute.
  kaa_run_compiler("-P" "#if __has_c_attribute(gnu::hot)\n#endif\n" scoped)
  if(NOT scoped_code EQUAL 0)
    list(FILTER lines EXCLUDE REGEX "::")
  endif()
  set(number 0)
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([a-z_]+) (.*)$" _ "${line}")
    set(kind ${CMAKE_MATCH_1})
    set(asked "(${CMAKE_MATCH_2})")
    if(kind STREQUAL keyword)
      set(macro __is_identifier)
      set(asked "!${macro}${asked}")
    elseif(kind MATCHES "^target_")
      set(macro __is_${kind})
      set(asked "${macro}${asked}")
    else()
      set(macro __has_${kind})
      set(asked "${macro}${asked}")
    endif()
    string(APPEND question "#ifdef ${macro}\n#if ${asked}\n#if ${asked} > 1\n"
           "@${number}@ 2\n#else\n@${number}@ 1\n#endif\n#endif\n#endif\n")
    math(EXPR number "${number} + 1")
  endforeach()
  kaa_ask_compiler("-P" "${question}" answers)
  string(REGEX MATCHALL "@[0-9]+@ [0-9]+" answers "${answers}")
  string(APPEND text "const kaa_preprocess__answer kaa_preprocess__answers[] = {\n")
  foreach(answer IN LISTS answers)
    string(REGEX MATCH "^@([0-9]+)@ ([0-9]+)$" _ "${answer}")
    set(value ${CMAKE_MATCH_2})
    list(GET lines ${CMAKE_MATCH_1} name)
    if(value EQUAL 2)
      set(value 202311) # a year and month: what C23 says of its attributes
    endif()
    string(APPEND text "    {\"${name}\", ${value}},\n")
  endforeach()
  string(APPEND text "    {NULL, 0},\n};\n\n")

  file(GLOB headers RELATIVE ${preprocess_dir}/headers CONFIGURE_DEPENDS
       ${preprocess_dir}/headers/*.h)
  set(table "const kaa_preprocess__own kaa_preprocess__own_headers[] = {\n")
  foreach(header IN LISTS headers)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                 ${preprocess_dir}/headers/${header})
    file(READ ${preprocess_dir}/headers/${header} hex HEX)
    kaa_bytes_of("${hex}" bytes)
    string(MAKE_C_IDENTIFIER ${header} name)
    string(APPEND text "static const char own_${name}[] = {\n${bytes}};\n\n")
    string(APPEND table "    {\"${header}\", own_${name}, sizeof(own_${name}) - 1},\n")
  endforeach()
  string(APPEND text "${table}    {NULL, NULL, 0},\n};\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
               ${preprocess_dir}/questions.txt)
  file(CONFIGURE OUTPUT ${output} CONTENT "${text}" @ONLY)
endfunction()
