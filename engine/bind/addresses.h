// Subnets of networks and addresses of the nodes on them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/bind/bind.h"
#include "engine/bind/subnet.h"
#include "engine/state/current_records.h"

namespace encamp {

struct Addresses {
  std::map<Address, Subnet> subnets;  ///< By network.
  /// By node and name of the network.
  std::map<std::pair<Address, std::string>, Ipv4> nodes;
};

/// The networks of a node in the order written: names, and the addresses that were written.
struct Attachment {
  std::string network;
  std::optional<std::string> address;
};
std::vector<Attachment> attachments(const Resource& node);

/// Chooses what is not written, keeps what `current` rows say. An automatic subnet is a /24 (larger
/// when more nodes need it) out of 10.64.0.0/10, where the search begins at a place that follows
/// from the deployment's id, so that two deployments that know nothing of each other seldom meet.
/// Nodes get .10 and up, the gateway is .1.
/// Throws Error(NoRoom) when nothing is free, Error(Conflict) when a written subnet is in use.
/// `current` is of the input's records.
Addresses choose_addresses(const Graph& graph, const BindInput& input,
                           const CurrentRecords& current, const HostOffer& host,
                           Diagnostics& diagnostics);

}  // namespace encamp
