#include "src/libvirt_guest_xml.h"

#include <fmt/format.h>

#include "src/libvirt_xml.h"

namespace encamp {
namespace {

Element bytes(const std::string& element, Bytes amount) {
  return Element(element).set("unit", "b").text(std::to_string(amount.count));
}

Element interface(const Nic& nic) {
  Element element("interface");
  element.set("type", "network")
      .add(Element("mac").set("address", nic.mac))
      .add(Element("source").set("network", nic.network));
  return element;
}

Element file_system(const std::string& file, const std::string& target) {
  // Through a loop device that libvirt attaches, so that the file may lie on any host.
  Element element("filesystem");
  element.set("type", "file")
      .set("accessmode", "passthrough")
      .add(Element("driver").set("type", "loop").set("format", "raw"))
      .add(Element("source").set("file", file))
      .add(Element("target").set("dir", target));
  return element;
}

// A directory of the host at `target`, which is a path in a container and a tag in a machine.
Element shared_directory(const std::string& directory, const std::string& target) {
  Element element("filesystem");
  element.set("type", "mount")
      .set("accessmode", "passthrough")
      .add(Element("source").set("dir", directory))
      .add(Element("target").set("dir", target));
  return element;
}

Element disk(const std::string& file, const std::string& device, Element driver) {
  Element element("disk");
  element.set("type", "file")
      .set("device", "disk")
      .add(std::move(driver.set("name", "qemu").set("type", "raw")))
      .add(Element("source").set("file", file))
      .add(Element("target").set("dev", device).set("bus", "virtio"));
  return element;
}

void add_head(Element& domain, const GuestSpec& spec) {
  domain.add(Element("name").text(spec.claim.name))
      .add(Element("uuid").text(spec.claim.uuid))
      .add(owner_metadata(spec.owner))
      .add(bytes("memory", spec.memory))
      .add(Element("vcpu").text(std::to_string(spec.cpus)));
}

}  // namespace

std::string container_xml(const GuestSpec& spec, const GuestPaths& paths) {
  Element domain("domain");
  domain.set("type", "lxc");
  add_head(domain, spec);
  domain.add(Element("memtune").add(bytes("hard_limit", spec.memory)));
  Element os("os");
  os.add(Element("type").text("exe"))
      .add(Element("init").text(spec.sweeps ? "/init" : "/mnt/init"));
  if (spec.sweeps)
    os.add(Element("initarg").text("sweep"));
  domain.add(std::move(os));
  // For its init alone, which grows the file system of the disk and then gives it up.
  domain.add(Element("features")
                 .add(Element("capabilities")
                          .set("policy", "default")
                          .add(Element("sys_resource").set("state", "on"))));
  Element devices("devices");
  if (spec.sweeps) {
    devices.add(file_system(paths.disk, "/"));
  } else {
    devices.add(std::move(file_system(paths.image, "/").add(Element("readonly"))));
    devices.add(file_system(paths.disk, "/mnt"));
  }
  for (std::size_t i = 0; i < paths.data_disks.size(); ++i)
    devices.add(file_system(paths.data_disks[i], fmt::format("/mnt/disks.d/disk{}", i + 1)));
  const std::string below = spec.sweeps ? "/shares.d/" : "/mnt/shares.d/";
  for (std::size_t i = 0; i < spec.shares.size(); ++i)
    devices.add(shared_directory(paths.shares[i], below + spec.shares[i].tag));
  for (const Nic& nic : spec.nics)
    devices.add(interface(nic));
  devices.add(Element("console").set("type", "pty"));
  domain.add(std::move(devices));
  return domain.str();
}

std::string machine_xml(const GuestSpec& spec, const GuestPaths& paths, const std::string& type) {
  Element domain("domain");
  domain.set("type", type);
  add_head(domain, spec);
  Element os("os");
  os.add(Element("type").set("machine", "q35").text("hvm"))
      .add(Element("kernel").text(paths.kernel))
      .add(Element("initrd").text(paths.initrd))
      .add(Element("cmdline").text("console=ttyS0 quiet net.ifnames=0"));
  domain.add(std::move(os));
  domain.add(Element("features").add(Element("acpi")));
  if (!spec.shares.empty()) {  // The server of a share reads and writes the machine's memory.
    Element backing("memoryBacking");
    backing.add(Element("source").set("type", "memfd"))
        .add(Element("access").set("mode", "shared"));
    domain.add(std::move(backing));
  }
  // Emulated, `maximum` is the fastest; and nothing here is ever moved to another QEMU.
  domain.add(Element("cpu").set("mode", type == "kvm" ? "host-passthrough" : "maximum"));

  Element devices("devices");
  devices.add(std::move(disk(paths.image, "vda", Element("driver")).add(Element("readonly"))));
  // A disk of a deployment is thrown away, not repaired, when its host loses power.
  devices.add(disk(paths.disk, "vdb", Element("driver").set("cache", "unsafe")));
  for (std::size_t i = 0; i < paths.data_disks.size(); ++i)
    devices.add(disk(paths.data_disks[i], fmt::format("vd{}", static_cast<char>('c' + i)),
                     Element("driver").set("cache", "unsafe")));
  for (std::size_t i = 0; i < spec.shares.size(); ++i)
    devices.add(std::move(shared_directory(paths.shares[i], spec.shares[i].tag)
                              .add(Element("driver").set("type", "virtiofs"))));
  for (const Nic& nic : spec.nics)
    devices.add(std::move(interface(nic).add(Element("model").set("type", "virtio"))));
  Element serial("serial");
  serial.set("type", "file").add(Element("source").set("path", paths.console).set("append", "on"));
  devices.add(std::move(serial));
  devices.add(Element("controller").set("type", "usb").set("model", "none"));
  devices.add(Element("memballoon").set("model", "none"));
  domain.add(std::move(devices));
  return domain.str();
}

GuestState guest_state(const std::string& xml) {
  const XmlDocument document(xml);
  GuestState state;
  state.owner = find_owner(document);
  state.uuid = document.value("/domain/uuid");
  state.isolation =
      document.value("/domain/@type") == "lxc" ? Isolation::Container : Isolation::Machine;
  // libvirt writes both in KiB. The limit can be changed while a container runs, the other not.
  const std::int64_t limit = document.number("/domain/memtune/hard_limit");
  state.memory = {1024 * (limit > 0 ? limit : document.number("/domain/memory"))};
  return state;
}

}  // namespace encamp
