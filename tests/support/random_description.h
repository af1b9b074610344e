// Descriptions made of chance, for what must hold of all of them.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>

namespace encamp::test {

/// The text of a good description: prototypes that extend earlier ones, nodes with copies,
/// attributes, items that refer to and need what stands further up.
inline std::string random_description() {
  const auto below = [](int limit) { return *rc::gen::inRange(0, limit); };
  std::string text =
      "encamp: 1\nsite: lab\nnetworks: {lan: {}, wan: {subnet: 10.1.0.0/24}}\n"
      "images: {debian: {debian: bookworm}, other: {extends: debian, packages: [less], "
      "software: [{file: /etc/i, content: i}, {command: make, timeout: 5 s}]}}\n"
      "resources: {key: {secret: {bytes: 32}}}\n"
      "parameters:\n  size: {type: size, default: 300 MiB}\n  word: {type: string, default: a b}\n"
      "prototypes:\n";
  const int prototypes = 1 + below(4);
  for (int p = 0; p < prototypes; ++p) {
    std::string parents;
    for (int q = 0; q < p; ++q)
      parents += below(2) == 0 ? fmt::format("{}p{}", parents.empty() ? "" : ", ", q) : "";
    text += fmt::format("  p{}:\n    extends: [{}]\n    image: debian\n    networks: [lan]\n", p,
                        parents);
    text += fmt::format("    disk: {} GiB\n    memory: ${{{{ parameters.size }}}}\n", 1 + below(9));
    text += fmt::format(
        "    attributes:\n      a{0}: {{type: integer, default: '${{{{ 2 * {1} }}}}'}}\n"
        "      t{0}: {{type: string, default: '${{{{ node.name }}}} is {{%'}}\n",
        p, below(100));
    text += fmt::format(
        "    software:\n      - file: /etc/p{0}\n        content: |\n"
        "          ${{{{ node.a{0} }}}} ${{{{ node.address }}}}\n          {{% if node.a{0} > 9 "
        "%}}\n"
        "          many\n          {{% end %}}\n      - service: s{0}\n"
        "        restarts_with: [/etc/p{0}]\n",
        p);
  }
  text += "nodes:\n";
  const int nodes = 1 + below(4);
  for (int n = 0; n < nodes; ++n) {
    text += fmt::format("  n{}:\n    extends: p{}\n", n, below(prototypes));
    if (below(3) == 0)
      text += fmt::format("    count: {}\n", 1 + below(3));
    else if (below(3) == 0)
      text += "    for_each: {x: 1, y: two}\n";
    if (n > 0 && below(2) == 0)
      text += fmt::format("    needs: [nodes.n{}]\n", below(n));
    text += fmt::format(
        "    software:\n      - command: echo ${{{{ parameters.word }}}} > /etc/c{0}\n"
        "        timeout: {1} s\n        retry: {{times: 2, backoff: 1 s}}\n"
        "      - command: |\n          #!/bin/sh\n          hostname\n        name: own\n        "
        "input: ${{{{ resources.key.value "
        "}}}}\n"
        "      - file: /etc/each/${{{{ each.key }}}}\n        for_each: [k, l]\n"
        "        content: \"${{{{ each.value }}}}\\n\"\n"
        "      - package: pkg-${{{{ each.value }}}}\n        for_each: [k, l]\n",
        n, 1 + below(60));
    if (below(2) == 0)
      text += "    tests:\n      t: {run: 'true', expect: {contains: x}}\n";
  }
  text +=
      "outputs:\n  sum: ${{ sum(nodes[*].memory) }}\n  lan: http://${{ networks.lan.gateway }}/\n";
  return text;
}

}  // namespace encamp::test
