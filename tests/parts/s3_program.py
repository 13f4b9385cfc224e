"""moto's S3, one request after the other: `python -m tests.parts.s3_program PORT`.

S3 compares and writes in one step; moto does so only when nothing else comes between.
"""

import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

if __name__ == "__main__":
    application = DomainDispatcherApplication(create_backend_app)
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=False)
