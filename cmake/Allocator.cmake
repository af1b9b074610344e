# Plans of large sites are many small pieces of memory; mimalloc makes and frees them a third faster
# than the C library (scripts/benchmark scale). Only optimised builds have it, so that sanitizers and
# valgrind see every allocation.
find_library(MIMALLOC_LIBRARY mimalloc)
mark_as_advanced(MIMALLOC_LIBRARY)

function(encamp_use_fast_allocator target)
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT ENCAMP_SANITIZE AND MIMALLOC_LIBRARY)
    target_link_libraries(${target} PRIVATE ${MIMALLOC_LIBRARY})
  endif()
endfunction()
