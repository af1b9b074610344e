// Where the program's own files lie, found from where the program itself lies. Installed:
//
//     PREFIX/bin/encamp   PREFIX/<lib>/encamp/components/*.so   PREFIX/<lib>/encamp/encamp-init
//     PREFIX/<lib>/encamp/encamp-libvirtd
//     PREFIX/share/encamp/descriptions/
//
// and in a build tree build/<preset>/src/encamp, build/<preset>/components/,
// build/<preset>/encamp-init, build/<preset>/encamp-libvirtd and build/<preset>/share/encamp/, the
// last with links into the source tree.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace encamp {

struct Installation {
  std::filesystem::path program;
  std::vector<std::filesystem::path> components;  ///< Folders of plugins, the program's own first.
  std::filesystem::path init;    ///< First process of nodes (components/node/init).
  std::filesystem::path keeper;  ///< Parent of a libvirtd (src/libvirtd_keeper.cc).
  std::filesystem::path data;    ///< descriptions/, examples/
};

/// Of the running program (/proc/self/exe). `ENCAMP_COMPONENTS`, folders parted by colons, adds to
/// the folders of plugins.
Installation find_installation();
/// Likewise, of the program at `program`.
Installation find_installation(const std::filesystem::path& program, const std::string& added);

/// Where deployments and their journals are kept: `option` (--state) when it is not empty, else
/// ENCAMP_STATE, /var/lib/encamp for root, $XDG_STATE_HOME/encamp or ~/.local/state/encamp.
std::filesystem::path state_directory(const std::string& option);

/// hosts.yaml: `option` (--hosts), else $XDG_CONFIG_HOME/encamp/hosts.yaml or
/// ~/.config/encamp/hosts.yaml; empty when that does not exist and was not asked for.
std::filesystem::path hosts_file(const std::string& option);

}  // namespace encamp
