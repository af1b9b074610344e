#include "src/workshop_scripts.h"

#include <cstdlib>

namespace encamp {
namespace {

constexpr const char* kBase = R"sh(
tree=$1 release=$2 architecture=$3 sources=$4; shift 4
echo "encamp: bootstrapping Debian $release"
mmdebstrap -q --mode=root --format=directory --variant=minbase --architectures="$architecture" \
  --aptopt='APT::Install-Recommends "false"' "$@" --skip=cleanup/apt/lists \
  --include=systemd-sysv,dbus,iproute2,iputils-ping,openssh-server,netbase,procps,ca-certificates \
  "$release" "$tree" "$sources" </dev/null
cd "$tree"
chmod 755 .
mkdir -p .oldroot                       # libvirt's LXC driver moves the host's root there
mkdir -p -m 700 root/.ssh

# Of no use in a node that lives for a test, and most of the work of its start. What a package
# wants of them later still works where another unit or the bus starts it.
for unit in systemd-logind systemd-update-utmp systemd-update-utmp-runlevel systemd-sysusers \
  systemd-remount-fs systemd-journal-flush systemd-pstore console-getty e2scrub_reap; do
  ln -sf /dev/null "etc/systemd/system/$unit.service"
done
for unit in dev-hugepages dev-mqueue sys-kernel-debug sys-kernel-tracing \
  sys-fs-fuse-connections; do
  ln -sf /dev/null "etc/systemd/system/$unit.mount"
done
for unit in apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim logrotate \
  systemd-tmpfiles-clean; do
  ln -sf /dev/null "etc/systemd/system/$unit.timer"
done
mkdir -p etc/systemd/system-generators etc/systemd/system/multi-user.target.wants
for generator in lib/systemd/system-generators/*; do
  case $generator in
    */systemd-sysv-generator) ;;        # some packages bring nothing but a script in /etc/init.d
    *) ln -sf /dev/null "etc/systemd/system-generators/${generator##*/}" ;;
  esac
done
ln -sf /dev/null etc/systemd/system/multi-user.target.wants/dbus.service   # its socket starts it
rm -rf etc/systemd/system/getty.target.wants

# One key exchange that is fast everywhere: OpenSSH's default costs 0.1 s of CPU a connection.
printf '%s\n' 'KexAlgorithms curve25519-sha256' 'HostKey /etc/ssh/ssh_host_ed25519_key' \
  >etc/ssh/sshd_config.d/encamp.conf
mkdir -p etc/systemd/system/ssh.service.d
printf '[Service]\nExecStartPre=\n' >etc/systemd/system/ssh.service.d/encamp.conf
rm -f etc/ssh/ssh_host_* etc/hostname etc/hosts etc/resolv.conf var/lib/dbus/machine-id
rm -f var/cache/apt/*.bin var/log/*.log var/log/apt/*
: >etc/machine-id
)sh";

// What the next two share: the tree to work in, and apt in it.
constexpr const char* kCommon = R"sh(
open_tree() {                           # LOWER UPPER
  root=$work/root
  mkdir -p "$2" "$work/overlay" "$root"
  mount -t overlay encamp -o "lowerdir=$1,upperdir=$2,workdir=$work/overlay" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mkdir -p "$root/var/cache/apt/archives"
  mount --bind "$debs" "$root/var/cache/apt/archives"
  for file in resolv.conf hosts; do
    [ ! -e "/etc/$file" ] || cp "/etc/$file" "$root/etc/$file"
  done
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"    # nothing is started
  chmod 755 "$root/usr/sbin/policy-rc.d"
}
close_tree() {
  rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf" "$root/etc/hosts"
  rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id"
  rm -f "$root"/var/cache/apt/*.bin "$root/var/lib/systemd/random-seed"
  : >"$root/etc/machine-id"
  umount "$root/var/cache/apt/archives"
  umount -R "$root/dev"
  umount "$root/proc"
}
run_apt() {
  chroot "$root" apt-get -qq -y --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
    -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 -o DPkg::Options::=--force-unsafe-io \
    -o Acquire::Retries=2 -o Acquire::http::Timeout=30 "$@" </dev/null
}
install_packages() {                    # the archives are shared, so only downloads take turns
  echo "encamp: downloading packages"
  (flock 9 && run_apt --download-only install "$@") 9>"$debs.lock" || return
  echo "encamp: installing packages"
  run_apt -o Debug::NoLocking=true install "$@"
}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
)sh";

constexpr const char* kKernel = R"sh(
work=$1 base=$2 debs=$3 architecture=$4
mkdir -p "$work/machine"
open_tree "$base" "$work/machine/upper"
install_packages kmod
echo "encamp: downloading the kernel"
package=$(chroot "$root" apt-cache depends "linux-image-cloud-$architecture" |
  awk '/Depends: linux-image/ { print $2; exit }')
[ -n "$package" ] || { echo "there is no linux-image-cloud-$architecture"; exit 1; }
mkdir "$root/kernel"
(cd "$root/kernel" && chroot "$root" sh -c 'cd /kernel && exec apt-get -qq \
  -o APT::Sandbox::User=root -o Acquire::Retries=2 download "$1"' sh "$package")
chroot "$root" sh -c 'exec dpkg-deb -x /kernel/*.deb /kernel/tree'
cp "$root"/kernel/tree/boot/vmlinuz-* "$work/machine/vmlinuz"
mkdir -p "$root/usr/lib/modules"        # never lib: a link to usr/lib, which a directory would hide
for modules in "$root"/kernel/tree/lib/modules/* "$root"/kernel/tree/usr/lib/modules/*; do
  [ ! -d "$modules" ] || { mv "$modules" "$root/usr/lib/modules/"
    chroot "$root" depmod -a "${modules##*/}"; }
done
rm -rf "$root/kernel"
close_tree
umount "$root"
)sh";

// Takes out what no two nodes may share (workshop_identities.txt, in $identities), and leaves in
// the image how a node makes it anew.
constexpr const char* kRemoveIdentities = R"sh(
remove_identities() {
  make=$root/usr/lib/encamp/make-identities
  : >"$work/make"
  printf '%s\n' "$identities" | while read -r pattern action command; do
    case $pattern in '' | '#'*) continue ;; esac
    [ "$action" != keep ] || continue
    for file in "$root"$pattern; do
      [ -e "$file" ] || [ -L "$file" ] || continue
      rm -f "$file"
      [ "$action" != make ] || printf '%s\n' "$command" >>"$work/make"
    done
  done
  if [ -s "$work/make" ]; then
    mkdir -p "${make%/*}"
    { printf '#!/bin/sh -e\n# What no two nodes may share, made when a node is new.\n'; cat "$work/make"; } >"$make"
    chmod 755 "$make"
  fi
}
is_known() {                            # FILE: whether it is to stay
  printf '%s\n' "$identities" | while read -r pattern action command; do
    case $pattern in '' | '#'*) continue ;; esac
    case $1 in $pattern) echo yes; break ;; esac
  done
}
check_private() {
  (cd "$root" && find etc -xdev -type f ! -perm -004) | sort | while read -r file; do
    [ -z "$(is_known "/$file")" ] || continue
    grep -qxF "/$file" "$root"/var/lib/dpkg/info/*.list || printf '/%s\n' "$file"
  done >"$work/private"
  if [ -s "$work/private" ]; then
    echo "encamp-private: $(tr '\n' ' ' <"$work/private")"
    exit 1
  fi
}
)sh";

constexpr const char* kImage = R"sh(
work=$1 lower=$2 debs=$3 image=$4 identities=$5 prepare=$6; shift 6
open_tree "$lower" "$work/upper"
enabled() {                             # what is started at boot because a package said so
  (cd "$root/etc" && find systemd/system systemd/user rc?.d ! -type d \
    \( -path '*.wants/*' -o -path '*.requires/*' -o -path 'rc?.d/S*' \) 2>/dev/null || :) | sort
}
add_repositories() {                    # the index of Debian itself stays as the base tree has it
  cp "$work"/sources/*.sources "$root/etc/apt/sources.list.d/"
  mkdir "$root/encamp-sources"
  cp "$work"/sources/*.sources "$root/encamp-sources/"
  echo "encamp: fetching the index of repositories"
  run_apt update -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/encamp-sources \
    -o APT::Get::List-Cleanup=0
  rm -r "$root/encamp-sources"
}
if [ $# -gt 0 ]; then
  if ls "$work"/sources/*.sources >/dev/null 2>&1; then add_repositories; fi
  if [ -d "$work/packages" ]; then
    mkdir -p "$root/var/lib/encamp"
    cp -r "$work/packages" "$root/var/lib/encamp/"
    chroot "$root" sh /var/lib/encamp/packages/apply index
  fi
  enabled >"$work/before"
  [ -z "$prepare" ] || chroot "$root" sh -ec "$prepare" </dev/null || { status=$?
    echo "encamp-prepare: failed"; exit $status; }
  install_packages "$@" || { status=$?
    chroot "$root" apt-cache pkgnames >"$work/names" 2>/dev/null || :; exit $status; }
  [ ! -d "$work/packages" ] ||
    APT_MORE='-o Debug::NoLocking=true -o APT::Sandbox::User=root -o DPkg::Options::=--force-unsafe-io' \
      chroot "$root" sh /var/lib/encamp/packages/apply settle
  enabled >"$work/after"
  comm -13 "$work/before" "$work/after" | while read -r link; do
    case $link in
      rc?.d/S*) mv "$root/etc/$link" "$root/etc/${link%%/*}/K${link#rc?.d/S}" ;;
      *) rm -f "$root/etc/$link" ;;
    esac
  done
  remove_identities
  check_private
fi
close_tree
echo "encamp: making the file system"
kib=$(du -skx "$root" | cut -f1)        # with room for what the tables and short files take more
mke2fs -q -F -t ext4 -b 4096 -m 0 -i 8192 -O ^has_journal -E root_owner=0:0 -L encamp-image \
  -d "$root" "$image" "$((kib + kib / 6 + 65536))k"
)sh";

}  // namespace

std::string base_script() {
  return kBase;
}

std::string kernel_script() {
  return std::string(kCommon) + kKernel;
}

std::string image_script() {
  return std::string(kCommon) + kRemoveIdentities + kImage;
}

ToolResult run_script(const std::string& script, std::vector<std::string> arguments,
                      Duration timeout, const Workshop::Progress& progress) {
  std::vector<std::string> all{"unshare", "--mount", "--propagation", "private",
                               "--pid",   "--fork",  "--kill-child",  "sh",
                               "-euc",    script,    "encamp"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const char* path = std::getenv("PATH");
  return run_tool(
      {.arguments = std::move(all),
       .environment = {{"PATH",
                        std::string(path == nullptr ? "" : path) +
                            ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
       .timeout = timeout,
       .on_line = [&](const std::string& line) {
         if (progress && line.starts_with("encamp: "))
           progress(line.substr(8));
       }});
}

}  // namespace encamp
