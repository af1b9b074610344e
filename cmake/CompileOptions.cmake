# encamp::options carries what every target of this project is compiled with.
# It is linked PRIVATE, so nothing of it leaks to a program that installs us.

set(ENCAMP_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
option(ENCAMP_COVERAGE "Instrument for gcov" OFF)

add_library(encamp_warnings INTERFACE)
add_library(encamp::warnings ALIAS encamp_warnings)
add_library(encamp_options INTERFACE)
add_library(encamp::options ALIAS encamp_options)
target_link_libraries(encamp_options INTERFACE encamp::warnings)

target_include_directories(encamp_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_options(encamp_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wcast-align
  -Wimplicit-fallthrough -Wswitch-enum -Wextra-semi
  -Wno-missing-field-initializers  # Leaving fields out is what designated initializers are for.
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
target_compile_definitions(encamp_options INTERFACE
  $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

if(ENCAMP_SANITIZE)
  target_compile_options(encamp_options INTERFACE
    -fsanitize=${ENCAMP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(encamp_options INTERFACE -fsanitize=${ENCAMP_SANITIZE})
endif()
if(ENCAMP_COVERAGE)
  target_compile_options(encamp_options INTERFACE --coverage)
  target_link_options(encamp_options INTERFACE --coverage)
endif()
