from promptstudio.integrations.bedrock.local_aws.cli import main

raise SystemExit(main())
