"""What sslyze and testssl find of a real server's TLS. Fails on anything above a note.

    python3 Tests/Transport/tls_check.py

TESTSSL names testssl's program if it is not in the path.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Support"))
from cluster import Cluster  # noqa: E402
from stage import Client, Stage, ready  # noqa: E402

# testssl looks at what is the operator's: a private authority answers no OCSP and has no CRL, and a host without a name in
# the DNS has no CAA record.
OPERATORS = {"OCSP_stapling", "cert_crlDistributionPoints", "cert_ocspURL", "DNS_CAArecord", "certificate_transparency",
             "cert_revocation", "CAA_record", "cert_extlifeSpan", "cert_validityPeriod"}
# Static files alone are compressed: they have no secret, and nothing of the request. The last two are this machine's openssl,
# and a look that testssl could not take.
HARMLESS = {"BREACH", "engine_problem", "sessionresumption_ticket"}
NOTES = {"OK", "INFO", "DEBUG"}


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def certificates(folder):
    """An authority and a server's certificate for localhost."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90"]
    openssl(folder, "req", "-x509", "-subj", "/O=Beamline/CN=Check authority", *key, "-keyout", "ca.key", "-out", "ca.pem")
    openssl(folder, "req", "-x509", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,digitalSignature",
            "-addext", "extendedKeyUsage=serverAuth", *key, "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "server.key", "-out", "server.pem")


def sslyze(folder, port):
    """What is not as Mozilla's intermediate configuration asks, and every vulnerability that is looked for."""
    out = os.path.join(folder, "sslyze.json")
    command = [os.environ.get("SSLYZE") or os.path.join(os.path.dirname(sys.executable), "sslyze"), "--certinfo_ca_file", os.path.join(folder, "ca.pem"),
               "--mozilla_config", "intermediate", "--json_out", out, "--certinfo", "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1",
               "--tlsv1_2", "--tlsv1_3", "--compression", "--early_data", "--openssl_ccs", "--heartbleed", "--robot", "--reneg",
               "--fallback", "--elliptic_curves", "--ems", f"localhost:{port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    # Its judgement stands at the end. The path to a private authority is not Mozilla's to know.
    judgement = done.stdout[done.stdout.rfind("COMPLIANCE"):]
    found = [line.strip() for line in judgement.splitlines() if line.strip().startswith("* ") and "certificate_path_validation" not in line]
    with open(out) as file:
        scan = json.load(file)["server_scan_results"][0]["scan_result"]
    findings = []
    for name in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        if scan[f"{name}_cipher_suites"]["result"]["accepted_cipher_suites"]:
            findings.append(f"{name} is accepted")
    checks = {"heartbleed": "is_vulnerable_to_heartbleed", "openssl_ccs_injection": "is_vulnerable_to_ccs_injection",
              "tls_compression": "supports_compression", "session_renegotiation": "is_vulnerable_to_client_renegotiation_dos",
              "tls_1_3_early_data": "supports_early_data"}
    for check, member in checks.items():
        result = scan[check]["result"]
        if result is None:
            findings.append(f"{check} could not be looked at: {scan[check]['error_reason']}")
        elif result[member]:
            findings.append(f"{check}: {member}")
    if not scan["session_renegotiation"]["result"]["supports_secure_renegotiation"]:
        findings.append("no secure renegotiation")
    robot = scan["robot"]["result"]["robot_result"]
    if not robot.startswith("NOT_VULNERABLE"):
        findings.append(f"robot: {robot}")
    versions = [name for name in ("tls_1_2", "tls_1_3") if scan[f"{name}_cipher_suites"]["result"]["accepted_cipher_suites"]]
    print(f"sslyze: {' and '.join(versions)}; Mozilla's intermediate configuration: "
          + ("kept" if not found else "not kept"))
    if done.returncode != 0 and "COMPLIANCE" not in done.stdout:
        findings.append(f"it ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-1000:]}")
    findings += found
    return [f"sslyze: {finding}" for finding in findings]


def testssl(folder, port):
    program = os.environ.get("TESTSSL") or shutil.which("testssl") or shutil.which("testssl.sh")
    if not program:
        print("testssl: not installed (apt-get install testssl.sh)")
        return []
    out = os.path.join(folder, "testssl.json")
    command = [program, "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--add-ca", os.path.join(folder, "ca.pem"),
               "--jsonfile", out, f"https://localhost:{port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=folder)
    if not os.path.exists(out):
        return [f"testssl: it ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-1000:]}"]
    with open(out) as file:
        results = json.load(file)
    counts = {}
    findings = []
    for result in results:
        severity = result["severity"]
        counts[severity] = counts.get(severity, 0) + 1
        name = result["id"].split(" ")[0]
        if severity not in NOTES and name not in OPERATORS | HARMLESS:
            findings.append(f"testssl: {severity} {result['id']}: {result['finding']}")
    print("testssl: " + ", ".join(f"{count} {severity}" for severity, count in sorted(counts.items())))
    return findings


def main():
    folder = tempfile.mkdtemp(prefix="beamline-tls-")
    cluster = Cluster()
    stage = None
    try:
        certificates(folder)
        stage = Stage(cluster, folder)
        server = stage.server("tls", tls_certificate=os.path.join(folder, "server.pem"), tls_key=os.path.join(folder, "server.key"))
        ready(server.url)
        port = int(server.url.rsplit(":", 1)[1])
        findings = sslyze(folder, port) + testssl(folder, port)
        # It serves on after all of that.
        Client(server.url, stage.token("viewer")).call("GET", "/v1/runs")
        print("\n".join(findings) if findings else "nothing above a note")
        return 1 if findings else 0
    finally:
        if stage:
            stage.end()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
