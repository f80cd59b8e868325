"""What is deployed: Terraform plans, Kubernetes manifests, network policies, the container image.

No cloud is needed.
"""
