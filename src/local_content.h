// Content (engine/world/content.h) of files of this machine and of text.
#pragma once

#include <memory>
#include <string>

#include "engine/world/content.h"
#include "src/local_file.h"

namespace encamp {

/// The bytes of an open file; holes are found by lseek(2), never read. The file need not have a
/// name any more.
std::unique_ptr<Content> make_file_content(Descriptor file);

std::unique_ptr<Content> make_text_content(std::string text);

}  // namespace encamp
