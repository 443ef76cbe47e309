// RoleKit
