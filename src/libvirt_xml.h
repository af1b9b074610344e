// The XML that libvirt is told, and what is read from the XML it tells. Pure; any thread.
//
//     Element network("network");
//     network.add(Element("name").text("a & b"));
//     network.str()                             // <network>\n  <name>a &amp;
//     b</name>\n</network>\n XmlDocument(xml).value("/network/name")   // "a & b"
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/world/owner.h"

struct _xmlDoc;

namespace encamp {

/// An element to be written; everything in it is escaped.
class Element {
 public:
  explicit Element(std::string name) : name_(std::move(name)) {}

  Element& set(const std::string& attribute, const std::string& value);
  Element& text(const std::string& text);
  Element& add(Element child);

  std::string str() const;

 private:
  void write(std::string& out, std::size_t depth) const;

  std::string name_;
  std::vector<std::pair<std::string, std::string>> attributes_;
  std::string text_;
  std::vector<Element> children_;
};

/// A document that was read; asked by XPath. Threads: one at a time.
class XmlDocument {
 public:
  /// Throws Error(Failed) when `text` is no XML.
  explicit XmlDocument(const std::string& text);

  /// The text of the first node that `path` finds; empty when there is none.
  std::string value(const std::string& path) const;
  /// The text of each node that `path` finds.
  std::vector<std::string> values(const std::string& path) const;
  /// The number in the first node that `path` finds; 0 when there is none.
  std::int64_t number(const std::string& path) const;

 private:
  struct Free {
    void operator()(_xmlDoc* document) const;
  };
  std::unique_ptr<_xmlDoc, Free> document_;
};

inline constexpr const char* kOwnerNamespace = "https://encamp.test/owner/1";

/// `<metadata>` with the owner's tag.
Element owner_metadata(const Owner& owner);

/// The owner in the metadata of a domain's or network's XML; nothing when encamp did not make it.
std::optional<Owner> find_owner(const XmlDocument& document);

}  // namespace encamp
