# Distribution packages only; the build never downloads anything. The list of Debian packages is in
# scripts/packages.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt 9.1 REQUIRED)
find_package(boost_graph 1.74 CONFIG REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
pkg_check_modules(libvirt REQUIRED IMPORTED_TARGET libvirt>=9.0)
pkg_check_modules(libxml2 REQUIRED IMPORTED_TARGET libxml-2.0>=2.9)
pkg_check_modules(libssh REQUIRED IMPORTED_TARGET libssh>=0.10)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)

if(BUILD_TESTING)
  find_package(GTest 1.12 REQUIRED)
endif()
