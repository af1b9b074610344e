#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/commands.h"
#include "src/deployments.h"
#include "src/event_log.h"
#include "src/image_listing.h"
#include "src/local_workshop.h"
#include "src/question.h"
#include "src/terminal_text.h"
#include "src/workbench.h"

namespace encamp {
namespace {

struct HostImages {
  Host* host;
  std::vector<ListedImage> images;
};

// Of every host. REQUIRES: `world` outlives the result.
std::vector<HostImages> images_of(const PlaceOptions& places, LocalWorld& world) {
  const Deployments deployments(state_directory(places.state));
  std::vector<ImageUse> uses;
  for (const std::string& name : deployments.names())
    uses.push_back({name, deployments.read(name)->records()});
  std::vector<HostImages> all;
  for (const std::string& name : world.host_names())
    all.push_back({&world.host(name), list_images(world.host(name), uses)});
  return all;
}

std::string about(const ListedImage& image) {
  if (!image.complete)
    return "half made";
  return image.label ? about(image.label->recipe) : "made without a label";
}

std::string kind_of(const ListedImage& image) {
  if (!image.label)
    return "";
  return image.label->isolation == Isolation::Machine ? "machine" : "container";
}

std::string age_of(const ListedImage& image, Clock& clock) {
  if (!image.label)
    return "";
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(clock.wall_time().time_since_epoch());
  const std::int64_t seconds = std::max<std::int64_t>(now.count() - image.label->made, 0);
  constexpr std::int64_t kDay = 86400;
  return seconds < kDay ? elapsed(std::chrono::seconds(seconds)) : counted(seconds / kDay, "day");
}

// Deployments by their names; guests of others, whose deployments we cannot see, by theirs.
std::vector<std::string> users_of(const ListedImage& image) {
  std::vector<std::string> users = image.deployments;
  for (const std::string& guest : image.guests) {
    const bool is_known =
        std::ranges::any_of(image.deployments, [&](const std::string& deployment) {
          return guest.starts_with("encamp." + deployment + ".");
        });
    if (!is_known)
      users.push_back(guest);
  }
  return users;
}

// Rows in columns, as wide as what is in them; the last one is not padded.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<int> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns(row[i]));
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(static_cast<std::size_t>(widths[i] - columns(row[i]) + 2), ' ');
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string json_line(const ListedImage& image, const std::string& host) {
  nlohmann::ordered_json json{{"key", image.key},          {"host", host},
                              {"about", about(image)},     {"complete", image.complete},
                              {"bytes", image.size.count}, {"deployments", image.deployments},
                              {"guests", image.guests}};
  if (image.label) {
    json["kind"] = kind_of(image);
    json["packages"] = image.label->recipe.packages;
    json["made"] = utc_text(Clock::WallTime(std::chrono::duration_cast<Clock::WallTime::duration>(
        std::chrono::seconds(image.label->made))));
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

ExitCode run_image_list(Program& program, const ImageOptions& options) {
  const HostsFile hosts = find_hosts(program, options.places);
  LocalWorld world(hosts.hosts, program.installation().init);
  std::vector<std::vector<std::string>> rows{{"KEY", "WHAT", "KIND", "SIZE", "AGE", "USED BY"}};
  for (const auto& [host, images] : images_of(options.places, world)) {
    for (const ListedImage& image : images) {
      if (options.json)
        program.out().write(json_line(image, host->name()));
      rows.push_back({image.key, one_line(about(image)), kind_of(image), sized(image.size),
                      age_of(image, world.clock()),
                      fmt::format("{}", fmt::join(users_of(image), ", "))});
    }
  }
  if (!options.json)
    program.out().write(rows.size() == 1 ? "no images; the first 'up' makes them\n" : table(rows));
  return ExitCode::Done;
}

ExitCode run_image_prune(Program& program, const ImageOptions& options) {
  const HostsFile hosts = find_hosts(program, options.places);
  LocalWorld world(hosts.hosts, program.installation().init);
  std::vector<HostImages> all = images_of(options.places, world);
  std::size_t count = 0;
  std::string text;
  for (auto& [host, images] : all) {
    std::erase_if(images, [](const ListedImage& image) { return image.is_used(); });
    // A half made one that somebody is just making.
    std::erase_if(images, [&](const ListedImage& image) {
      return !image.complete && !world.workshop().try_reserve(image.key);
    });
    count += images.size();
    for (const ListedImage& image : images)
      text += fmt::format("  - {}  {}  {}\n", image.key, one_line(about(image)), sized(image.size));
  }
  if (count == 0) {
    program.out().write("every image is in use\n");
    return ExitCode::Done;
  }
  program.out().write(text);
  if (options.dry_run)
    return ExitCode::Done;
  if (!may_go_on(program, "Remove them?", options.yes)) {
    program.err().write("nothing was changed\n");
    return ExitCode::Failed;
  }
  Bytes freed;
  std::ptrdiff_t removed = 0;
  for (const auto& [host, images] : all) {
    for (const ListedImage& image : images) {
      if (!remove_image(*host, image)) {
        program.out().write(fmt::format("{} is in use by now and stays\n", image.key));
        continue;
      }
      ++removed;
      freed.count += image.size.count;
    }
  }
  program.out().write(
      fmt::format("{} removed, {} free\n", counted(removed, "image"), sized(freed)));
  return ExitCode::Done;
}

ExitCode run_image_update(Program& program, const ImageOptions&) {
  const BaseTrees bases{kWorkshopDirectory};
  const std::vector<std::string> keys = bases.keys();
  if (keys.empty()) {
    program.out().write("no package lists were read yet; the first 'up' does\n");
    return ExitCode::Done;
  }
  ExitCode code = ExitCode::Done;
  for (const std::string& key : keys) {
    try {
      const bool changed = bases.renew(key, [](const std::string&) {});
      program.out().write(
          fmt::format("{}: {}\n", key,
                      changed ? "new package lists; new nodes start from images made with them"
                              : "the package lists are the same"));
    } catch (const Error& error) {
      program.report(error);
      code = ExitCode::Failed;
    }
  }
  return code;
}

}  // namespace encamp
