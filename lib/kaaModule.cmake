# kaa_add_module(name source...) makes the extension module name.kaa.so: a plain
# shared library that includes <kaa/module.h> and links nothing of kaa. It is the
# target `name`; what else the module needs is said of that as usual. `import
# kaa.importer` makes it importable in Python, kaa_import() in C.
function(kaa_add_module name)
  add_library(${name} MODULE ${ARGN})
  target_include_directories(${name} SYSTEM PRIVATE
    $<TARGET_PROPERTY:kaa::headers,INTERFACE_INCLUDE_DIRECTORIES>)
  # Nothing but the definition is seen from outside.
  set_target_properties(${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
                        SUFFIX ".kaa.so" C_VISIBILITY_PRESET hidden
                        CXX_VISIBILITY_PRESET hidden
                        VISIBILITY_INLINES_HIDDEN ON)
endfunction()
