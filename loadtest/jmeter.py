"""One run of one plan by Maven, and what the machine must allow for it."""
import os
import resource
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from servers import Failed, PRICE, ROOT, start

PLANS = ROOT / "loadtest/pom.xml"
HEAP_MIB = 2048
STACK_KIB = 256
FILES_APART = 2_000    # libraries, databases, the gateway's own
THREADS_APART = 1_000  # of JMeter, the shop and everybody else
MAPS_PER_THREAD = 3    # a stack and its guard pages
NICE = 10              # buyers have machines of their own: their hundreds of threads give way to the shop's few
START_SECONDS = 600    # the first run fetches JMeter
SLOWEST_PER_SECOND = 50


def require(users):
    """Raises Failed with everything that is too small for so many users, and how it is made larger."""
    for program, group in (("mvn", "loadtest"), ("java", "loadtest"), ("nginx", "loadtest")):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin"):
            raise Failed(f"{program} is not installed: tools/setup.sh {group}")
    missing = []
    # of a process: JMeter and the shop hold a connection for each user
    wanted = users + FILES_APART
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            at_least = wanted if hard == resource.RLIM_INFINITY or hard < wanted else hard
            resource.setrlimit(resource.RLIMIT_NOFILE, (at_least, max(at_least, hard)))
        except (ValueError, OSError):
            missing.append(f"open files: {soft} allowed, {wanted} wanted; before make: ulimit -n {wanted} (as root, or "
                           f"after \"* - nofile {wanted}\" in /etc/security/limits.conf and a new log-in)")
    wanted = users + THREADS_APART
    for what, allowed, cure in (
            ("processes and threads of this user", resource.getrlimit(resource.RLIMIT_NPROC)[0],
             f"before make: ulimit -u {wanted}"),
            ("threads of the machine", number("/proc/sys/kernel/threads-max"),
             f"as root: sysctl kernel.threads-max={2 * wanted}"),
            ("thread ids", number("/proc/sys/kernel/pid_max"), f"as root: sysctl kernel.pid_max={2 * wanted}"),
            ("tasks of this control group", number(control_group("pids.max")),
             f"systemd-run --scope -p TasksMax={2 * wanted} make loadtest; in a container: --pids-limit")):
        if 0 < allowed < wanted:
            missing.append(f"{what}: {allowed} allowed, {wanted} wanted; {cure}")
    wanted = MAPS_PER_THREAD * users + 10_000
    if 0 < number("/proc/sys/vm/max_map_count") < wanted:
        missing.append(f"memory maps of a process: {wanted} wanted; as root: sysctl vm.max_map_count={wanted}")
    wanted = HEAP_MIB + users * STACK_KIB // 1024 // 2
    there = memory_mib()
    if there < wanted:
        missing.append(f"memory: {there} MiB are free, {wanted} MiB wanted; fewer users: --scenarios 1000/5")
    if missing:
        raise Failed("\n  ".join([f"this machine does not carry {users} users of JMeter as it is set up:", *missing]))


def number(path):
    """What stands in the file; 0 when it says nothing, or that there is no limit."""
    try:
        text = Path(path).read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() else 0


def control_group(name):
    try:
        own = Path("/proc/self/cgroup").read_text().splitlines()[-1].split(":", 2)[2]
    except (OSError, IndexError):
        return "/nowhere"
    return f"/sys/fs/cgroup{own}/{name}"


def memory_mib():
    for line in open("/proc/meminfo"):
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) // 1024
    return 1 << 30


def run(work, plan, url, warm_url, users, ramp, feed=None, dashboard=False, **properties):
    """The file with a line per request, and the folder of the dashboard (if wanted). Raises Failed.

    As many threads buy at `warm_url` before: else most of what is measured is Java that is being compiled."""
    address, warm = urlsplit(url), urlsplit(warm_url)
    given = {"plan": plan, "host": address.hostname, "port": address.port or 80, "users": users, "ramp": ramp,
             "price": PRICE, "heap": HEAP_MIB, "stack": f"{STACK_KIB}k", "work": work,
             "dashboard": str(dashboard).lower(), "warmUsers": users, "warmHost": warm.hostname, "warmPort": warm.port,
             **properties}
    if feed:
        given["feed"] = feed
    shutil.rmtree(work, ignore_errors=True)
    words = ["nice", "-n", str(NICE), "mvn", "-B", "-q", "-f", PLANS, "verify",
             *(f"-D{key}={value}" for key, value in given.items())]
    status, told = run_in_session(words, START_SECONDS + ramp + users / SLOWEST_PER_SECOND)
    lines, log = work / f"jmeter/results/{plan}.csv", work / f"jmeter/logs/{plan}.jmx.log"
    if status != 0 or not lines.exists():
        last = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
        raise Failed("Maven failed (the first run needs Maven Central):\n" + told[-3000:] + "\n".join(last))
    return lines, work / f"jmeter/reports/{plan}"


def run_in_session(words, seconds):
    """Exit status and output. In a session of its own: there the kernel weighs it against the shop as one, and JMeter,
    a child of Maven, ends with it whatever ends this program."""
    process = start(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                    errors="replace", start_new_session=True)
    try:
        told, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"JMeter did not end within {seconds:.0f} s") from late
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    return process.returncode, told
