#include "src/preparing.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/bind/room.h"
#include "engine/state/secrets.h"
#include "engine/world/printable.h"
#include "src/observing.h"

namespace encamp {
namespace {

std::vector<HostOffer> look_at_hosts(World& world) {
  std::vector<HostOffer> offers;
  for (const std::string& name : world.host_names()) {
    offers.push_back({name, with_context(fmt::format("looking at host '{}'", name),
                                         [&] { return world.host(name).inventory(); })});
  }
  return offers;
}

std::string shown(const std::map<std::string, std::string>& settings) {
  std::string text;
  for (const auto& [name, value] : settings)
    text += fmt::format(" --set {}", printable(fmt::format("{}={}", name, value)));
  return text.empty() ? " no --set" : text;
}

// A plan without the parameters of the last time is a plan to change what they made.
void tell_other_settings(Program& program, const PrepareInput& input) {
  if (input.journal == nullptr)
    return;
  const std::optional<Deployment> before = input.journal->deployment();
  if (!before || before->settings == input.description.settings)
    return;
  program.err().write(fmt::format("note: '{}' was made with{}, and this is with{}\n", before->name,
                                  shown(before->settings), shown(input.description.settings)));
}

Deployment facts_of(const Description& description, Journal* journal, World& world) {
  Deployment facts;
  if (journal != nullptr)
    facts = journal->deployment().value_or(Deployment());
  if (facts.id.empty()) {
    facts.id = make_uuid(world.random());
    facts.created = world.clock().wall_time();
  }
  const Site& site = *description.site;
  facts.name = site.name;
  facts.site = description.site_name();
  facts.domain = site.domain;
  facts.description = description.file;
  facts.settings = description.settings;
  facts.tests = site.tests;
  facts.outputs = site.outputs;
  facts.unsettled.clear();
  return facts;
}

// Whether nobody can come back to it: a process that died between reserving and its first commit
// left it. A folder is made before anything is set aside and we hold our own, so a row without a
// folder, or with our name and another id, is of no one that lives.
bool is_left_over(const Reservation& reservation, const PrepareInput& input,
                  const Deployment& facts) {
  return !input.deployments.has(reservation.name) ||
         (reservation.name == facts.name && reservation.deployment != facts.id);
}

// What is set aside for deployments that exist. Takes away what none will, when `reserve` says so.
std::vector<Reservation> standing_reservations(const PrepareInput& input, const Deployment& facts,
                                               Reserve reserve) {
  if (input.reservations == nullptr)
    return {};
  std::vector<Reservation> standing;
  for (const Reservation& reservation : input.reservations->list()) {
    if (!is_left_over(reservation, input, facts))
      standing.push_back(reservation);
    else if (reserve == Reserve::Yes)
      input.reservations->remove(reservation.deployment);
  }
  return standing;
}

BoundGraph bind_once(Program& program, const PrepareInput& input, const BindInput& bind_input) {
  Diagnostics diagnostics;
  BoundGraph bound = bind(*input.description.graph, bind_input, diagnostics);
  if (diagnostics.has_errors()) {
    diagnostics.sort();
    print_diagnostics(program, diagnostics, DiagnosticFormat::Text);
    throw WrongInput();
  }
  return bound;
}

// Binds, and sets aside what was chosen when `reserve` says so. Whether there is room is looked at
// again when it is set aside, in that transaction: another process may just have taken it.
BoundGraph bind_and_reserve(Program& program, const PrepareInput& input, const Deployment& facts,
                            BindInput bind_input, Reserve reserve) {
  // Another deployment may take the same subnet between looking and reserving: then look again.
  constexpr int kAttempts = 10;
  for (int attempt = 1;; ++attempt) {
    bind_input.reservations = standing_reservations(input, facts, reserve);
    BoundGraph bound = bind_once(program, input, bind_input);
    if (reserve == Reserve::No)
      return bound;
    Reservation reservation = reservation_of(bound);
    reservation.name = facts.name;
    const auto host = std::ranges::find(bind_input.hosts, reservation.host, &HostOffer::name);
    try {
      input.reservations->put(reservation, [&](const std::vector<Reservation>& all) {
        BindInput now = bind_input;
        now.reservations = all;
        std::erase_if(now.reservations,
                      [&](const Reservation& other) { return is_left_over(other, input, facts); });
        if (host != bind_input.hosts.end())
          check_room(bound.graph, now, *host);
      });
      return bound;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Conflict || attempt == kAttempts)
        throw;
    }
  }
}

// Whether no host had room even if nobody else were there: then nothing is worth waiting for.
bool is_hopeless(const PrepareInput& input, BindInput bind_input) {
  bind_input.reservations.clear();
  return std::ranges::all_of(bind_input.hosts, [&](HostOffer host) {
    host.inventory.ours.clear();
    try {
      check_room(*input.description.graph, bind_input, host);
      return false;
    } catch (const Error&) {
      return true;
    }
  });
}

}  // namespace

Prepared prepare(Program& program, const PrepareInput& input, Reserve reserve) {
  Prepared prepared;
  tell_other_settings(program, input);
  prepared.facts = facts_of(input.description, input.journal, input.world);
  BindInput bind_input{.deployment = prepared.facts.id,
                       .records = {},
                       .hosts = {},
                       .reservations = {},
                       .overcommit = input.hosts.overcommit};
  std::vector<Record> records;
  if (input.journal != nullptr)
    records =
        open_secrets(input.journal->records(), *input.journal, find_secret_key(*input.journal));
  bind_input.records = records;
  std::optional<BoundGraph> bound;
  while (!bound) {
    bind_input.hosts = look_at_hosts(input.world);
    try {
      bound = bind_and_reserve(program, input, prepared.facts, bind_input, reserve);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::NoRoom || input.waiting == nullptr ||
          is_hopeless(input, bind_input))
        throw;
      input.waiting->wait(error);
    }
  }
  if (input.journal != nullptr && !input.description.secrets.empty()) {
    // What is wanted is compared with what is recorded by digests under the deployment's key.
    const Secret::Key key = find_secret_key(*input.journal);
    for (Resource& resource : bound->graph.resources) {
      for (auto& [name, value] : resource.properties.entries_to_change())
        value = open_secrets(value, *input.journal, key);
    }
  }
  Observations seen = observe(records, bind_input.hosts);
  if (input.observe && input.journal != nullptr)
    seen = look_inside(program, input.world, *input.journal, std::move(seen), input.parallel);
  prepared.plan = make_plan(std::move(*bound), program.registry(), std::move(records), seen);
  return prepared;
}

}  // namespace encamp
