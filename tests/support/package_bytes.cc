#include "tests/support/package_bytes.h"

#include <numeric>

#include <fmt/format.h>

namespace encamp::test {
namespace {

// ustar, POSIX.1-1988.
std::string tar_of(const std::string& name, const std::string& content) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) {
    header.replace(at, text.size(), text);
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", content.size()));
  put(136, "00000000000");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  const unsigned sum = std::accumulate(header.begin(), header.end(), 0U, [](unsigned all, char c) {
    return all + static_cast<unsigned char>(c);
  });
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  return header + content + std::string((512 - content.size() % 512) % 512 + 1024, '\0');
}

std::string ar_member(const std::string& name, const std::string& content) {
  return fmt::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n{}{}", name, 0, 0, 0, "100644",
                     content.size(), content, content.size() % 2 == 0 ? "" : "\n");
}

}  // namespace

std::string package_bytes(const std::string& name, const std::string& version,
                          const std::string& architecture, const std::string& more) {
  const std::string control = fmt::format(
      "Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: Test <test@example.org>\n{}"
      "Description: a test\n",
      name, version, architecture, more);
  return "!<arch>\n" + ar_member("debian-binary", "2.0\n") +
         ar_member("control.tar", tar_of("./control", control)) +
         ar_member("data.tar", std::string(1024, '\0'));
}

}  // namespace encamp::test
