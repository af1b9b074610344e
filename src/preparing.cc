#include "src/preparing.h"

#include <fmt/format.h>

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
  facts.tests = site.tests;
  facts.outputs = site.outputs;
  facts.unsettled.clear();
  return facts;
}

// What is set aside for deployments that exist: a process that died may have left others.
std::vector<Reservation> standing_reservations(const PrepareInput& input) {
  if (input.reservations == nullptr)
    return {};
  std::vector<Reservation> all = input.reservations->list();
  std::erase_if(all, [&](const Reservation& reservation) {
    return !input.deployments.has(reservation.name);
  });
  return all;
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

}  // namespace

Prepared prepare(Program& program, const PrepareInput& input, Reserve reserve) {
  Prepared prepared;
  prepared.facts = facts_of(input.description, input.journal, input.world);
  const std::vector<Record> records =
      input.journal != nullptr ? input.journal->records() : std::vector<Record>();
  const std::vector<HostOffer> offers = look_at_hosts(input.world);

  // Another deployment may take the same subnet between looking and reserving: then look again.
  constexpr int kAttempts = 10;
  for (int attempt = 1;; ++attempt) {
    prepared.bound = bind_once(program, input,
                               {.deployment = prepared.facts.id,
                                .records = records,
                                .hosts = offers,
                                .reservations = standing_reservations(input),
                                .overcommit = input.hosts.overcommit});
    if (reserve == Reserve::No)
      break;
    try {
      Reservation reservation = reservation_of(prepared.bound);
      reservation.name = prepared.facts.name;
      input.reservations->put(reservation);
      break;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Conflict || attempt == kAttempts)
        throw;
    }
  }
  prepared.plan = make_plan(prepared.bound, program.registry(), records, observe(records, offers));
  return prepared;
}

}  // namespace encamp
