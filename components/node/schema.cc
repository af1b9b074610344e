#include "components/node/schema.h"

namespace encamp {

Schema make_node_schema() {
  const Type text{.kind = Type::Kind::Text};
  const Type size{.kind = Type::Kind::Size};
  const Type integer{.kind = Type::Kind::Integer};
  return {
      .component = "node",
      .section = "nodes",
      .about =
          "A machine of the site: a container, or a virtual machine where that is wanted or "
          "the host has no containers.",
      .properties =
          {{.name = "image",
            .type = {.kind = Type::Kind::Reference, .section = "images"},
            .about = "What its root starts from; by default the site's only image.",
            .on_change = OnChange::Ignore},  // Node::compare looks at what the image is made of.
           {.name = "memory",
            .type = size,
            .about = "More than this no process in it gets.",
            .required = true,
            .least = Value(Bytes::mebi(32))},
           {.name = "disk",
            .type = size,
            .about = "What it may write; the image does not count. It grows by a restart.",
            .required = true,
            .least = Value(Bytes::mebi(64))},
           {.name = "cpus",
            .type = integer,
            .about = "Processors of a virtual machine.",
            .fallback = Value(1),
            .on_change = OnChange::Replace,
            .least = Value(1),
            .most = Value(64)},
           {.name = "networks",
            .type = {.kind = Type::Kind::Any, .section = "networks"},
            .about = "Names of networks, or a mapping of name to `{address: 10.0.0.5}`; by default "
                     "the site's only network. The first has the default route.",
            .on_change = OnChange::Replace},
           {.name = "mounts",
            .type = {.kind = Type::Kind::Mapping,
                     .item = {{.kind = Type::Kind::Reference, .section = "volumes"}}},
            .about = "Where it mounts volumes: path to name of a volume.",
            .on_change = OnChange::Replace},
           {.name = "disks",
            .type = {.kind = Type::Kind::Mapping,
                     .item = {{.kind = Type::Kind::Mapping,
                               .fields = {{.name = "size",
                                           .type = size,
                                           .about = "How much it takes. It grows by a restart.",
                                           .required = true,
                                           .least = Value(Bytes::mebi(64))},
                                          {.name = "mount",
                                           .type = {.kind = Type::Kind::Path},
                                           .about = "Where it is mounted.",
                                           .required = true}}}}},
            .about = "Data disks of its own, by name."},  // Node::compare says what a change is.
           {.name = "isolation",
            .type = text,
            .about = "`vm` refuses containers, which are no boundary for code that is not trusted.",
            .fallback = Value("any"),
            .on_change = OnChange::Ignore,  // What matters is the kind that was chosen.
            .one_of = {"any", "vm", "container"}},
           {.name = "host",
            .type = text,
            .about = "Pins it to one of the hosts in `hosts.yaml`. All nodes of a site are on one.",
            .on_change = OnChange::Ignore}},  // Bind keeps to it.
      .attributes = {
          {.name = "name", .type = text, .phase = Phase::Known, .about = "What `hostname` prints."},
          {.name = "memory", .type = size, .phase = Phase::Known, .about = "As described."},
          {.name = "disk", .type = size, .phase = Phase::Known, .about = "As described."},
          {.name = "cpus", .type = integer, .phase = Phase::Known, .about = "As described."},
          {.name = "image",
           .type = {.kind = Type::Kind::Reference, .section = "images"},
           .phase = Phase::Known,
           .about = "As described."},
          {.name = "hostname",
           .type = text,
           .phase = Phase::Chosen,
           .about = "Its full name, in the site's domain."},
          {.name = "address",
           .type = {.kind = Type::Kind::Ip},
           .phase = Phase::Chosen,
           .about = "On its first network."},
          {.name = "addresses",
           .type = {.kind = Type::Kind::Mapping, .item = {{.kind = Type::Kind::Ip}}},
           .phase = Phase::Chosen,
           .about = "By name of the network."},
          {.name = "ssh_host_key",
           .type = text,
           .phase = Phase::Late,
           .about = "The public key that its SSH server shows."}}};
}

}  // namespace encamp
