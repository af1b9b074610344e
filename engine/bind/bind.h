// Bind chooses what the description leaves open: host, container or machine, subnets, addresses,
// MACs. Choices are added to the properties of the resources, under the names below; a choice that
// the journal has recorded is kept as long as the description allows it.
//
//     network: subnet gateway bridge domain names       image: kinds
//     node:    name hostname kind kvm networks (name -> {address, mac, gateway, prefix})
//
// It only reads; who binds then reserves (state/reservations.h) with reservation_of(). Example:
//
//     const BoundGraph bound = bind(graph, {.deployment = id, .records = journal.records(),
//         .hosts = {{"here", host.inventory()}}, .reservations = reservations.list()},
//         diagnostics);
//     reservations.put(reservation_of(bound));   // Error(Conflict): list and bind again
//
// All nodes of a deployment are on one host: where it is already, else the one a node names by
// `host`, else the first that fits.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/description/diagnostic.h"
#include "engine/description/expression.h"
#include "engine/graph/graph.h"
#include "engine/state/record.h"
#include "engine/state/reservations.h"
#include "engine/world/host.h"

namespace encamp {

struct HostOffer {
  std::string name;
  Inventory inventory;
};

/// How often what a host has may be promised.
struct Overcommit {
  int memory = 1;
  int disk = 10;  ///< Disks are sparse.
};

struct BindInput {
  std::string deployment;           ///< Its id.
  std::span<const Record> records;  ///< Must outlive the call.
  std::vector<HostOffer> hosts;     ///< In the order of preference.
  std::vector<Reservation> reservations;
  Overcommit overcommit = {};
};

struct Binding {
  std::string host;
  /// Of the row that is there and stays, or that creating it will make. A replacement adds one.
  int generation = 1;
};

struct BoundGraph {
  Graph graph;                    ///< Properties with the choices; chosen attributes settled.
  std::vector<Binding> bindings;  ///< By vertex.
  std::string deployment;         ///< Its id.
};

/// Throws Error(NoRoom) with the figures when no host fits, Error(Unavailable) when a node wants a
/// kind of isolation that no host has. What is wrong with written subnets and addresses goes into
/// `diagnostics`; then the result is for printing only.
BoundGraph bind(Graph graph, const BindInput& input, Diagnostics& diagnostics);

/// What bind() has to say of the written subnets and addresses, whatever the host: for checking a
/// description without one.
void check_addresses(const Graph& graph, Diagnostics& diagnostics);

/// Sets the choices that follow from the generation (a network's bridge) in `properties`, those of
/// `resource`, when a replacement gives it another one than bind() assumed.
void bind_generation(Properties& properties, const Resource& resource,
                     const std::string& deployment, int generation);

/// What the deployment sets aside on its host.
Reservation reservation_of(const BoundGraph& bound);

/// The chosen attribute of a node or network whose properties are bound: of a node `name hostname
/// address addresses addresses.<network> memory disk cpus image`, of a network `subnet gateway`.
/// Nothing when there is none of that name, or not yet.
std::optional<Value> chosen_attribute(const std::string& component, const Properties& properties,
                                      const std::string& attribute);

/// Answers chosen attributes from the bound graph, and late ones from `late`, which is asked at
/// each look-up and says what a resource's realize reported, or nullptr while it is not known.
/// Both must outlive the result, which one thread uses.
Lookup make_lookup(const BoundGraph& bound, std::function<const Attributes*(const Address&)> late);

/// The same from the journal alone (outputs, tests, status): chosen and late attributes of each
/// resource that is Present. Holds a copy.
Lookup make_lookup(std::vector<Record> records);

}  // namespace encamp
