#include "src/libvirt_xml.h"

#include <charconv>
#include <mutex>

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "engine/error.h"

namespace encamp {
namespace {

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // XML has no way to write other control characters, not even escaped.
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
          throw Error(ErrorKind::Failed, "a name for libvirt contains a control character");
        out += c;
    }
  }
  return out;
}

struct FreeContext {
  void operator()(xmlXPathContext* context) const { xmlXPathFreeContext(context); }
};
struct FreeObject {
  void operator()(xmlXPathObject* object) const { xmlXPathFreeObject(object); }
};

const xmlChar* xml_text(const std::string& text) {
  return reinterpret_cast<const xmlChar*>(text.c_str());
}

}  // namespace

Element& Element::set(const std::string& attribute, const std::string& value) {
  attributes_.emplace_back(attribute, value);
  return *this;
}

Element& Element::text(const std::string& text) {
  text_ = text;
  return *this;
}

Element& Element::add(Element child) {
  children_.push_back(std::move(child));
  return *this;
}

std::string Element::str() const {
  std::string out;
  write(out, 0);
  return out;
}

void Element::write(std::string& out, std::size_t depth) const {
  const std::string indent(2 * depth, ' ');
  out += indent + "<" + name_;
  for (const auto& [attribute, value] : attributes_)
    out += fmt::format(" {}='{}'", attribute, escape(value));
  if (children_.empty() && text_.empty()) {
    out += "/>\n";
    return;
  }
  out += ">" + escape(text_);
  if (!children_.empty()) {
    out += "\n";
    for (const Element& child : children_)
      child.write(out, depth + 1);
    out += indent;
  }
  out += "</" + name_ + ">\n";
}

void XmlDocument::Free::operator()(_xmlDoc* document) const {
  xmlFreeDoc(document);
}

XmlDocument::XmlDocument(const std::string& text) {
  static std::once_flag once;  // libxml2 wants this before threads use it.
  std::call_once(once, [] { xmlInitParser(); });
  document_.reset(xmlReadMemory(text.data(), static_cast<int>(text.size()), "libvirt.xml", nullptr,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  if (document_ == nullptr)
    throw Error(ErrorKind::Failed, "libvirt's answer is no XML").with_detail(text);
}

std::vector<std::string> XmlDocument::values(const std::string& path) const {
  const std::unique_ptr<xmlXPathContext, FreeContext> context(xmlXPathNewContext(document_.get()));
  if (context == nullptr)
    throw std::bad_alloc();
  const std::unique_ptr<xmlXPathObject, FreeObject> found(
      xmlXPathEvalExpression(xml_text(path), context.get()));
  std::vector<std::string> values;
  if (found == nullptr || found->nodesetval == nullptr)
    return values;
  for (int i = 0; i < found->nodesetval->nodeNr; ++i) {
    xmlChar* content = xmlNodeGetContent(found->nodesetval->nodeTab[i]);
    values.emplace_back(content == nullptr ? "" : reinterpret_cast<const char*>(content));
    xmlFree(content);
  }
  return values;
}

std::string XmlDocument::value(const std::string& path) const {
  std::vector<std::string> found = values(path);
  return found.empty() ? std::string() : std::move(found.front());
}

std::int64_t XmlDocument::number(const std::string& path) const {
  const std::string text = value(path);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Element owner_metadata(const Owner& owner) {
  Element tag("encamp:owner");
  tag.set("xmlns:encamp", kOwnerNamespace)
      .set("deployment", owner.deployment)
      .set("address", owner.address)
      .set("generation", std::to_string(owner.generation));
  return Element("metadata").add(std::move(tag));
}

std::optional<Owner> find_owner(const XmlDocument& document) {
  const std::string tag =
      fmt::format("/*/metadata/*[local-name()='owner' and namespace-uri()='{}']", kOwnerNamespace);
  if (document.values(tag).empty())
    return std::nullopt;
  return Owner{.deployment = document.value(tag + "/@deployment"),
               .address = document.value(tag + "/@address"),
               .generation = static_cast<int>(document.number(tag + "/@generation"))};
}

}  // namespace encamp
