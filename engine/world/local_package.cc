#include "engine/world/local_package.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace encamp {
namespace {

constexpr std::string_view kScript = R"sh(#!/bin/sh
# encamp: packages of the deployer's machine, which are taken instead of the repositories'. `taken`
# says which package was installed from which of them.
set -eu
cd /var/lib/encamp/packages
list=/etc/apt/sources.list.d/encamp-local.list
pins=/etc/apt/preferences.d/encamp-local
field() { sed -n "s/^$1: //p" "$2.control"; }
version_of() {
  dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p'
}
sources_of() { apt-cache madison "$1" | awk -v version="$2" '$3 == version' | wc -l; }

index() {
  for control in *.control; do
    [ ! -e "$control" ] || cat "$control"
  done >Packages.new
  if [ -e "$list" ] && cmp -s Packages.new Packages; then
    rm Packages.new
    return
  fi
  mv Packages.new Packages
  rm -f /var/lib/apt/lists/_var_lib_encamp_packages_* "$list" "$pins"
  [ -s Packages ] || return 0
  printf 'Package: %s\nPin: origin ""\nPin-Priority: 1001\n' \
    "$(sed -n 's/^Package: //p' Packages | tr '\n' ' ')" >"$pins"
  echo "deb [trusted=yes] file:$PWD ./" >"$list"
  apt-get -q update -o Dir::Etc::sourcelist="$list" -o Dir::Etc::sourceparts=/dev/null \
    -o APT::Get::List-Cleanup=0 </dev/null
}

settle() {
  touch taken
  : >settled
  wanted=
  for deb in *.deb; do
    [ -e "$deb" ] || continue
    stem=${deb%.deb}
    name=$(field Package "$stem") version=$(field Version "$stem")
    there=$(version_of "$name")
    [ -n "$there" ] || continue
    echo "$name $stem" >>settled
    if [ "$there" = "$version" ]; then
      ! grep -qxF "$name $stem" taken || continue
      # What apt has just installed with a version that nobody else has is from here.
      grep -q "^$name " taken || [ "$(sources_of "$name" "$version")" != 1 ] || continue
    fi
    wanted="$wanted ./$deb"
  done
  while read -r name stem; do           # offered no more
    ! grep -q "^$name " settled || continue
    [ -n "$(version_of "$name")" ] || continue
    version=$(apt-cache madison "$name" | awk 'NR == 1 { print $3 }')
    [ -z "$version" ] || wanted="$wanted $name=$version"
  done <taken
  [ -z "$wanted" ] || apt-get -q -y --no-install-recommends --reinstall --allow-downgrades \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 ${APT_MORE:-} install $wanted </dev/null
  mv settled taken
}

export DEBIAN_FRONTEND=noninteractive LC_ALL=C
"$1"
)sh";

const std::string& text_in(const Value& mapping, const char* key) {
  return mapping.find(key)->text();
}

}  // namespace

Value to_value(const LocalPackage& package) {
  return Value::Mapping{{"path", package.path},
                        {"digest", package.digest},
                        {"name", package.name},
                        {"version", package.version},
                        {"architecture", package.architecture},
                        {"control", package.control},
                        {"size", package.size}};
}

LocalPackage local_package_of(const Value& value) {
  return {.path = text_in(value, "path"),
          .digest = text_in(value, "digest"),
          .name = text_in(value, "name"),
          .version = text_in(value, "version"),
          .architecture = text_in(value, "architecture"),
          .control = text_in(value, "control"),
          .size = value.find("size")->bytes()};
}

std::vector<LocalPackage> local_packages_of(const Properties& properties) {
  std::vector<LocalPackage> packages;
  const auto found = properties.find("files");
  if (found == properties.end() || !found->second.is_list())
    return packages;
  for (const Value& file : found->second.list())
    packages.push_back(local_package_of(file));
  return packages;
}

std::string stem_of(const LocalPackage& package) {
  std::string version = package.version;
  std::ranges::replace(version, ':', '%');  // As in an epoch; a path in a list of sources has none.
  return fmt::format("{}_{}_{}.{}", package.name, version, package.architecture,
                     package.digest.substr(0, 8));
}

std::string to_control(const LocalPackage& package) {
  return fmt::format("{}Filename: ./{}.deb\nSize: {}\nSHA256: {}\n\n", package.control,
                     stem_of(package), package.size.count, package.digest);
}

std::string control_field(const std::string& control, const std::string& name) {
  std::istringstream lines(control);
  std::string value;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(' '))
      inside = line.starts_with(name + ":");
    if (inside)
      value += line.starts_with(' ') ? line : line.substr(name.size() + 1);
  }
  const std::size_t begin = value.find_first_not_of(" \t\r");
  return begin == std::string::npos
             ? ""
             : value.substr(begin, value.find_last_not_of(" \t\r") + 1 - begin);
}

std::vector<std::string> depends_of(const LocalPackage& package) {
  std::vector<std::string> names;
  const std::string all = control_field(package.control, "Pre-Depends") + "," +
                          control_field(package.control, "Depends");
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find_first_of(",|", begin), all.size());
    const std::size_t first = std::min(all.find_first_not_of(' ', begin), end);
    const std::string name =
        all.substr(first, std::min(all.find_first_of(" :(", first), end) - first);
    if (!name.empty())
      names.push_back(name);
    begin = end + 1;
  }
  return names;
}

std::string about(const LocalPackage& package) {
  return package.name + " " + package.version;
}

std::string_view local_package_script() {
  return kScript;
}

}  // namespace encamp
