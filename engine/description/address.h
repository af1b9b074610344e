// The address of a resource is its path in the description. It names the resource in `needs`, in
// plans, in the journal and in every message.
//
//     networks.lan                             nodes.head
//     images.debian                            nodes.head.software.slurmctld
//     images['debian + nginx, curl']           nodes.head.software['file /etc/x']
#pragma once

#include <string>
#include <string_view>

namespace encamp {

using Address = std::string;

/// Appends `name` to `parent`: `.name` when it is letters, digits, `-` and `_`, else `['name']`
/// with `'` and `\` escaped by `\`.
Address child_address(std::string_view parent, std::string_view name);

/// The node an address lies on, `nodes.head` for the node itself and for whatever is on it; empty
/// when it lies on none, as a node's own resources `nodes.head.resources.key`.
std::string_view node_of(std::string_view address);

/// The last part of an address as people call it: `lan`, `head`, `file /etc/x`.
std::string last_name(std::string_view address);

}  // namespace encamp
