# Writes engine/component/abi.h with a text that differs whenever a plugin built against these
# headers could misunderstand the program: the public headers, compiler, standard library flags.
set(abi_digest "")
file(GLOB_RECURSE abi_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/engine/*.h)
list(SORT abi_headers)
foreach(header IN LISTS abi_headers)
  file(SHA256 ${header} digest)
  string(APPEND abi_digest ${digest})
endforeach()
string(SHA256 abi_digest "${abi_digest}")
string(SUBSTRING ${abi_digest} 0 16 abi_digest)
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${abi_headers})

set(ENCAMP_ABI "encamp-${PROJECT_VERSION} ${abi_digest} ${CMAKE_CXX_COMPILER_ID}-${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} sanitize=${ENCAMP_SANITIZE}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/abi.h.in
  ${PROJECT_BINARY_DIR}/generated/engine/component/abi.h @ONLY)
