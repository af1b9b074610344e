#include "components/image/software.h"

#include <fmt/format.h>

#include "engine/component/component.h"
#include "engine/world/digest.h"

namespace encamp {
namespace {

using std::chrono::milliseconds;

// What an item's component sees of the image: a guest that is the tree, and notes that are
// forgotten with the build.
class ItemContext : public Context {
 public:
  ItemContext(Context& outer, Guest& guest, Record& record, Clock::Instant deadline)
      : outer_(outer), guest_(guest), record_(record), deadline_(deadline) {}

  const Owner& owner() const override { return outer_.owner(); }
  const std::string& deployment() const override { return outer_.deployment(); }
  Host& host() override { return outer_.host(); }
  Workshop& workshop() override { return outer_.workshop(); }
  Guest& guest() override { return guest_; }
  const Record& record(const Address& address) override {
    throw Error(ErrorKind::NotFound, fmt::format("an image does not know '{}'", address));
  }
  void note(const std::string& name, Value value) override {
    record_.notes[name] = std::move(value);
  }
  Value keep_secret(const std::string&, const std::string&) override {
    throw Error(ErrorKind::Denied, "an image has no secrets");
  }
  std::optional<Value> find_secret(const std::string&) override { return std::nullopt; }
  void forget_secret(const std::string&) override {}
  std::string random_bytes(std::size_t count) override { return outer_.random_bytes(count); }
  SshKey ssh_key(const std::string& name) override { return outer_.ssh_key(name); }
  std::vector<std::string> authorized_keys() override { return {}; }
  Receipt receipt(const std::string&, const std::string&) override {
    return {fmt::format("image-{}-{}", sha256(record_.address).substr(0, 16), ++receipts_)};
  }
  Clock& clock() override { return outer_.clock(); }
  Clock::Instant deadline() const override { return deadline_; }
  std::stop_token stop() const override { return outer_.stop(); }
  void progress(const std::string& text) override { outer_.progress(text); }

  void begin_attempt(Clock::Instant deadline) { deadline_ = deadline; }

 private:
  Context& outer_;
  Guest& guest_;
  Record& record_;
  Clock::Instant deadline_;
  int receipts_ = 0;
};

Properties properties_of(const Value& item) {
  Properties properties;
  for (const Value::Entry& entry : item.find("properties")->mapping())
    properties[entry.key] = entry.value;
  return properties;
}

std::int64_t number_of(const Value& item, const char* name, std::int64_t otherwise) {
  const Value* value = item.find(name);
  return value == nullptr ? otherwise : value->integer();
}

void realize_item(const Value& item, Guest& guest, Context& outer) {
  const std::string name = item.find("name")->text();
  const std::string kind = item.find("component")->text();
  const Component* component = outer.find_component(kind);
  if (component == nullptr)
    throw Error(ErrorKind::NotFound, fmt::format("the component '{}' is not installed", kind));
  const milliseconds timeout{number_of(item, "timeout", 600'000)};
  const milliseconds backoff{number_of(item, "backoff", 0)};
  const std::int64_t attempts = number_of(item, "attempts", 1);
  Record record{.address = name, .component = kind, .properties = properties_of(item)};
  ItemContext context(outer, guest, record, {});
  for (std::int64_t attempt = 1;; ++attempt) {
    if (outer.stop().stop_requested())
      throw Error(ErrorKind::Interrupted, "interrupted");
    context.begin_attempt(outer.clock().now() + timeout);
    try {
      component->realize(record.properties, record, context);
      return;
    } catch (Error& error) {
      if (error.kind() == ErrorKind::Interrupted || attempt >= attempts) {
        error.add_context(fmt::format("while '{}' was realized in the image", name));
        throw;
      }
    }
    outer.clock().sleep(backoff, outer.stop());
  }
}

void add_package(const Properties& package, ImageRecipe& recipe) {
  const std::string version = text_of(package, "version");
  for (const std::string& name : texts_of(package, "names")) {
    recipe.packages.push_back(version.empty() ? name : name + "=" + version);
    recipe.site_packages.push_back(name);
  }
  if (const std::string script = text_of(package, "prepare"); !script.empty())
    recipe.prepare.push_back(script);
  for (const LocalPackage& file : local_packages_of(package))
    recipe.files.push_back(file);
}

}  // namespace

void add_software(const Properties& image, Context& context, ImageRecipe& recipe) {
  const auto found = image.find("software");
  if (found == image.end() || !found->second.is_list())
    return;
  Value::List items;
  for (const Value& item : found->second.list()) {
    const std::string component = item.find("component")->text();
    if (component == "package")
      add_package(properties_of(item), recipe);
    else if (component == "repository")
      recipe.repositories.push_back(repository_of(properties_of(item)));
    else
      items.push_back(item);
  }
  if (items.empty())
    return;
  recipe.software = sha256(to_json(Value(items)));
  recipe.realize = [items, &context](Guest& guest) {
    for (const Value& item : items) {
      context.progress("realizing " + item.find("name")->text());
      realize_item(item, guest, context);
    }
  };
}

}  // namespace encamp
