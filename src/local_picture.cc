#include "src/local_picture.h"

#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/error.h"
#include "engine/world/printable.h"
#include "src/local_file.h"
#include "src/local_process.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

/// A directory that only we can enter and that goes with us.
class PrivateDirectory {
 public:
  PrivateDirectory() {
    std::string name = fs::temp_directory_path() / "encamp-picture-XXXXXX";
    if (mkdtemp(name.data()) == nullptr)
      throw Error(ErrorKind::Failed, fmt::format("cannot make a directory like '{}'", name));
    path_ = name;
  }
  ~PrivateDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

std::string to_svg(const std::string& dot) {
  const PrivateDirectory folder;
  const fs::path drawing = folder.path() / "graph.dot";
  const fs::path picture = folder.path() / "graph.svg";
  write_whole_file(drawing, dot);
  const ToolResult result =
      run_tool({.arguments = {"dot", "-Tsvg", "-o", picture.native(), drawing.native()}});
  if (result.exit == 127)
    throw Error(ErrorKind::Failed, "'dot' is not installed, which draws the picture")
        .with_hint("apt-get install graphviz, or --format dot and draw it elsewhere");
  if (result.exit != 0)
    throw Error(ErrorKind::Failed,
                fmt::format("cannot draw the graph: dot ended with {}", result.exit))
        .with_detail(last_lines(printable(result.output), 5));
  return read_whole_file(picture);
}

}  // namespace encamp
