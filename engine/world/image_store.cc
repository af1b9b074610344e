#include "engine/world/image_store.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace encamp {
namespace {

class Marker : public Content {
 public:
  explicit Marker(std::string text) : text_(std::move(text)) {}
  Bytes size() const override { return {static_cast<std::int64_t>(text_.size())}; }
  std::optional<Extent> next() override {
    if (std::exchange(given_, true))
      return std::nullopt;
    return Extent{0, text_};
  }

 private:
  std::string text_;
  bool given_ = false;
};

}  // namespace

std::unique_ptr<Content> make_marker(std::string text) {
  return std::make_unique<Marker>(std::move(text));
}

Claim image_pool() {
  return {.kind = Claim::Kind::Pool,
          .name = kImagePool,
          .uuid = uuid_of({.deployment = "", .address = "images", .generation = 1}, "pool")};
}

VolumeId image_volume(const std::string& key, const std::string& part) {
  return {.pool = kImagePool, .name = key + "." + part};
}

std::vector<std::string> image_parts(Isolation isolation) {
  if (isolation == Isolation::Machine)
    return {"root", "kernel", "initrd"};
  return {"root"};
}

std::string to_text(const ImageLabel& label) {
  const nlohmann::ordered_json json{
      {"debian", label.recipe.debian},
      {"architecture", label.recipe.architecture},
      {"mirror", label.recipe.mirror},
      {"file", label.recipe.file},
      {"sha256", label.recipe.sha256},
      {"packages", label.recipe.packages},
      {"software", label.recipe.software},
      {"kind", label.isolation == Isolation::Machine ? "machine" : "container"},
      {"made", label.made}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::optional<ImageLabel> image_label_from(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object())
    return std::nullopt;
  try {
    return ImageLabel{
        .recipe = {.debian = json.at("debian").get<std::string>(),
                   .architecture = json.at("architecture").get<std::string>(),
                   .mirror = json.at("mirror").get<std::string>(),
                   .file = json.value("file", ""),
                   .sha256 = json.value("sha256", ""),
                   .packages = json.at("packages").get<std::vector<std::string>>(),
                   .software = json.value("software", "")},
        .isolation = json.at("kind") == "machine" ? Isolation::Machine : Isolation::Container,
        .made = json.at("made").get<std::int64_t>()};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string about(const ImageRecipe& recipe) {
  const std::string base =
      recipe.sha256.empty() ? "debian " + recipe.debian
                            : fmt::format("{} {}", recipe.file.substr(recipe.file.rfind('/') + 1),
                                          recipe.sha256.substr(0, 8));
  const std::string more =
      recipe.software.empty() ? "" : " with software " + recipe.software.substr(0, 8);
  return (recipe.packages.empty()
              ? base
              : fmt::format("{} + {}", base, fmt::join(recipe.packages, ", "))) +
         more;
}

}  // namespace encamp
