// Sites, hosts and journals for tests of the pure stages, written in a few lines.
#pragma once

#include <string>
#include <vector>

#include "engine/bind/bind.h"
#include "engine/component/registry.h"
#include "engine/plan/plan.h"

namespace encamp::test {

Resource network(const std::string& name, Properties properties = {});
/// On network `lan`, from image `debian`, 256 MiB of memory, 4 GiB of disk.
Resource node(const std::string& name, Properties properties = {});
/// `what` is the component's subject and, after the component, its name.
Resource item(const std::string& on, const std::string& component, const Value& what,
              Properties properties = {}, std::vector<Need> needs = {});

/// One network `lan`, one image `debian`, and `rest`; each resource has a line of its own in
/// `site.yaml` as its place.
Site site_of(std::vector<Resource> rest);
/// nodes.web with packages, a file and a service.
Site hello();

/// `here`: containers and machines, 8 GiB of memory, 100 GiB of disk.
HostOffer big_host();

inline constexpr const char* kDeployment = "7d0e4b5c-3f5e-4c43-8f3b-0d9a3c5a5a11";

/// Compiles, failing the test on a diagnostic.
Graph compiled(const Site& site, const Registry& registry);
/// Compiles and binds on big_host().
BoundGraph bound(const Site& site, const Registry& registry, std::vector<Record> records = {});
/// The journal after `plan` was executed on what `records` say, nothing failing.
std::vector<Record> executed(const Plan& plan, std::vector<Record> records = {});
/// The journal once `site` is there.
std::vector<Record> deployed(const Site& site, const Registry& registry);

Record& record_of(std::vector<Record>& records, const Address& address);

}  // namespace encamp::test
